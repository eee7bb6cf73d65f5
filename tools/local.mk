include tools/hactl/local.mk
include tools/agent_test/local.mk
