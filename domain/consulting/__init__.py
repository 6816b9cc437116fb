"""The parts of the consultation decider; :mod:`domain.consultation` puts them together and is read first."""
