/* Keys of options that have no letter; below the letters, so that getopt keeps them apart. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

enum {
    KEY_DISK_WRITE = 1,
    KEY_ISA,
    KEY_TLB,
    KEY_VT,
    KEY_NPT,
    KEY_STATS,
    KEY_ASCII,
    KEY_RAW,
    KEY_SEED,
    KEY_MEANING,
    KEY_DATA,
    KEY_LIGHT,
    KEY_BUDGET,
    KEY_MAN,
    KEY_COMPLETION,
    KEY_SAVE,
    KEY_SYMBOLS,
};

#endif
