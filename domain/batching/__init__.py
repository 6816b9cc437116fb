"""The parts of the batch decider; :mod:`domain.batch` puts them together and is read first."""
