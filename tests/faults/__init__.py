"""The fault harness: real parts as OS processes, real messages through the API, faults from a seed, and what must hold after.

``scripts`` is what people do with a case; ``driver`` does it over HTTP and logs every operation; ``schedule`` says from a seed
when which fault strikes; ``city`` holds the processes and strikes; ``lives`` reads what became of each case in a form that two
runs can be compared by; ``checker`` proves the operation log against the journal; ``canary`` looks for planted words;
``run`` puts them together (``python -m tests.faults``, ``sanhuan faults``).
"""
