"""Servers that Sanhuan needs beside it, found, built and run as child processes: Temporal, PostgreSQL, test server.

Imports nothing of the project and, until a server is downloaded through the SDK, only the standard library, so that
`sanhuan doctor` works before the environment exists.
"""

from cli.servers.javatest import JavaTestServerError, find_java_test_server
from cli.servers.postgres import PostgresServer, find_postgres_bin
from cli.servers.process import ServerError, cache_dir, free_port, port_is_free
from cli.servers.production import ProductionServer, find_production
from cli.servers.temporal import SEARCH_ATTRIBUTES, TemporalServer, find_temporal, given_address

__all__ = [
    "SEARCH_ATTRIBUTES",
    "JavaTestServerError",
    "PostgresServer",
    "ProductionServer",
    "ServerError",
    "TemporalServer",
    "cache_dir",
    "find_java_test_server",
    "find_postgres_bin",
    "find_production",
    "find_temporal",
    "free_port",
    "given_address",
    "port_is_free",
]
