"""The parts of the supervision decider; :mod:`domain.supervision` puts them together and is read first."""
