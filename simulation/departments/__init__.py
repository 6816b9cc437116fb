"""All department systems of the sample city, played by one HTTP server.

It stands for some fifty foreign systems: it takes signed order messages, works the orders after the temper of each unit and
answers by signed webhooks. It knows Sanhuan only by its HTTP interface.
"""
