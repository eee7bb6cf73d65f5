# filled by the module
