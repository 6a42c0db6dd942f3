"""Run as a program, it is `training.pretrain`, asked to stop when it first writes its log."""

from __future__ import annotations

import signal
import sys

from training import pretrain
from training.log import Log


def main(arguments: list[str]) -> int:
    write = Log.write

    def write_and_stop(log: Log, step: int, *others: object) -> None:
        write(log, step, *others)
        signal.raise_signal(signal.SIGTERM)

    Log.write = write_and_stop
    return pretrain.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
