"""The parts of a measure 台账项; :mod:`domain.measure` puts them together and is read first."""
