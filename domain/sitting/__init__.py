"""The parts of a session 领导坐诊; :mod:`domain.session` puts them together and is read first."""
