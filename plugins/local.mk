include plugins/ipaddr2/local.mk
include plugins/lsb/local.mk
include plugins/supervisor/local.mk
include plugins/ocf/local.mk
