/* The topics of help about hardware assist: printed from isa/vmcb.def and isa/vmcb_rules.def. */
#ifndef CLI_HELP_VMCB_H
#define CLI_HELP_VMCB_H

/* All, or what has this name; -1 when nothing has. */
int help_vmcb(const char *name);
int help_exit(const char *name);

#endif
