include core/cluster/operation.mk
