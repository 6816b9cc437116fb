"""The sample city: an invented city, its department systems and its staff. It acts on Sanhuan through HTTP only."""
