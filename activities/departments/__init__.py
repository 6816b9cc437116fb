"""Department systems: one protocol (:class:`~activities.departments.sender.Channel`), several ways to reach a unit."""
