# SPDX-License-Identifier: Apache-2.0
# One program under the names that resource agents call; in a folder that only they have on their path.
CRM_NAMES = crm_attribute crm_master attrd_updater crm_node crm_resource crm_mon pacemakerd
ocftools_PROGRAMS += halyard-crm
AM_INSTALLCHECK_STD_OPTIONS_EXEMPT += halyard-crm
halyard_crm_CPPFLAGS = $(HACTL_CPPFLAGS)
halyard_crm_SOURCES = tools/crm/main.c tools/crm/crm.h tools/crm/core.c tools/crm/attributes.c tools/crm/crm_attribute.c \
	tools/crm/attrd_updater.c tools/crm/crm_node.c tools/crm/view.c
halyard_crm_LDADD = $(HACTL_LIBS)

install-data-hook:
	cd '$(DESTDIR)$(ocftoolsdir)' && for name in $(CRM_NAMES); do $(LN_S) -f halyard-crm $$name || exit 1; done
uninstall-hook:
	cd '$(DESTDIR)$(ocftoolsdir)' 2>/dev/null && rm -f $(CRM_NAMES) || true
