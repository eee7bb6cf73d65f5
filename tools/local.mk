include tools/hactl/local.mk
include tools/crm/local.mk
