//! Private servers for tests: on free ports, with temporary data, ended by process id.
