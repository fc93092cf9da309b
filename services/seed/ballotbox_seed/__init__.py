"""The seed: random votes through the vote page, for demonstrations."""
