EXTRA_DIST += tests/check tests/checks/layers.py
EXTRA_DIST += tests/abi/README.md tests/abi/check.py tests/abi/agent.c tests/abi/transport.c tests/abi/1.0/halyard/agent.h \
	tests/abi/1.0/halyard/transport.h tests/abi/agent-1.0.abi tests/abi/agent-1.2.abi tests/abi/transport-1.0.abi
