"""The `sanhuan` command: what an operator or developer starts by hand. Nothing imports this package."""
