/*
 * Instructions: from a word to its parts and back, by the table of instructions.def.
 */
#ifndef ISA_INSN_H
#define ISA_INSN_H

#include "base/types.h"

enum insn_id {
    INSN_ILLEGAL,
#define INSN(name, mnemonic, format, class, match, meaning) INSN_##name,
#include "isa/instructions.def"
#undef INSN
    INSN_COUNT
};

enum insn_format {
#define FORMAT(name, mask, syntax) FORMAT_##name,
#include "isa/formats.def"
#undef FORMAT
    FORMAT_COUNT
};

enum insn_class {
    CLASS_USER,
    CLASS_PRIVILEGED,
    CLASS_SENSITIVE,
    CLASS_CSR,
    CLASS_PORT,
    CLASS_HCALL,
    CLASS_VT,
    CLASS_HINT,
};

struct insn_info {
    const char *name; /* the mnemonic, with dots */
    enum insn_format format;
    enum insn_class class;
    word match;
    word mask;
    const char *syntax;
    const char *meaning;
};

/*
 * An instruction taken apart. `imm` is what the format says: signed immediate, branch or
 * jump offset in bytes, the upper 20 bits already shifted (U), shift amount, or the 5-bit
 * immediate of CSRI. Fields that the format lacks are 0.
 */
struct insn {
    enum insn_id id;
    uint8_t rd, rs1, rs2;
    uint16_t csr;
    int32_t imm;
    word bits;
};

/* Never fails: a word that is no instruction gives INSN_ILLEGAL. */
struct insn insn_decode(word bits);

/*
 * The word for `i` (id and the fields of its format; bits is ignored). Returns false when a
 * field does not fit: a register above 31, an immediate out of range or misaligned.
 */
bool insn_encode(const struct insn *i, word *bits);

/* Valid for every id; INSN_ILLEGAL is named "illegal". */
const struct insn_info *insn_info(enum insn_id id);

/* By mnemonic, exact; INSN_ILLEGAL when there is none. */
enum insn_id insn_find(const char *name);

#endif
