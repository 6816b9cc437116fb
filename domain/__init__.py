"""The rules of Sanhuan: pure functions over frozen values. Read case.py first."""
