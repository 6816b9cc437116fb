"""`python -m cli` is the `sanhuan` command."""

from cli.main import app

if __name__ == "__main__":
    app()
