"""环: the rules of the middle ring 中环 and the large ring 大环. Read :mod:`domain.ring` first."""
