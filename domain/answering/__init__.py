"""The parts of the accountability decider; :mod:`domain.accountability` puts them together and is read first."""
