"""The parts of the adjudication decider; :mod:`domain.adjudication` puts them together and is read first."""
