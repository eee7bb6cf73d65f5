include tools/hactl/local.mk
