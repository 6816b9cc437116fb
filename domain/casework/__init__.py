"""The parts of the case decider; :mod:`domain.case` puts them together and is read first."""
