# Two plug-ins that differ in the name of their class, and the programs that scripts need.
OCF_SOURCES = plugins/ocf/script.c plugins/ocf/script.h plugins/ocf/operations.c plugins/ocf/environment.c \
	plugins/ocf/environment.h plugins/ocf/cache.c plugins/ocf/cache.h plugins/ocf/meta.c plugins/ocf/meta.h
agent_LTLIBRARIES += ocf.la ocf-script.la
ocf_la_SOURCES = plugins/ocf/ocf.c $(OCF_SOURCES)
ocf_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
ocf_la_LDFLAGS = $(PLUGIN_LINK)
ocf_script_la_SOURCES = plugins/ocf/ocf_script.c $(OCF_SOURCES)
ocf_script_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
ocf_script_la_LDFLAGS = $(PLUGIN_LINK)

ocftools_PROGRAMS = halyard-ocf-meta-data
AM_INSTALLCHECK_STD_OPTIONS_EXEMPT += halyard-ocf-meta-data
halyard_ocf_meta_data_SOURCES = plugins/ocf/meta_data.c plugins/ocf/meta_xml.c plugins/ocf/meta_xml.h
halyard_ocf_meta_data_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(XML_CFLAGS)
halyard_ocf_meta_data_LDADD = $(XML_LIBS)
