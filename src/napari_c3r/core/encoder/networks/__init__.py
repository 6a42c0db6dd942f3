"""Parts of networks that several families are made of."""
