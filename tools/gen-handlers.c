/*
 * gen-handlers PROFILE > build/gen/handlers.def: what the interpreter is made of.
 *
 * From isa/instructions.def, a row for each instruction, of which machine/exec.c makes handlers as
 * the format says; one that has no semantics (machine/semantics.def) does not compile:
 *
 *   OP(name, format, reads)                     reads: of rs1 (a) and rs2 (b), those for which
 *                                               there is a handler that takes it from the result
 *                                               before; none
 *
 * and from the measured PROFILE (machine/pairs.profile, bench/pairs), the most frequent neighbours
 * that can have a handler of their own:
 *
 *   PAIR(first, reads1, second, reads2)
 *
 * The first of a pair must go on to the next instruction; the second may jump.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX 400 /* more gain nothing that can be measured, and take the compiler longer */

enum format {
#define FORMAT(name, mask, syntax) FORMAT_##name,
#include "isa/formats.def"
#undef FORMAT
    FORMAT_COUNT
};

static const char *const syntax[FORMAT_COUNT] = {
#define FORMAT(name, mask, syntax) syntax,
#include "isa/formats.def"
#undef FORMAT
};

/* What the handlers of a format do when all goes well; SLOW: they call a function of C. */
static const enum shape {
    SLOW,
    GOES_ON,
    JUMPS
} shapes[FORMAT_COUNT] = {
    [FORMAT_R] = GOES_ON,    [FORMAT_I] = GOES_ON,     [FORMAT_SHIFT] = GOES_ON,
    [FORMAT_LOAD] = GOES_ON, [FORMAT_STORE] = GOES_ON, [FORMAT_U] = GOES_ON,
    [FORMAT_B] = JUMPS,      [FORMAT_J] = JUMPS,       [FORMAT_JALR] = JUMPS,
};

static const struct insn {
    const char *name, *mnemonic, *format_name;
    enum format format;
} insns[] = {
#define INSN(name, mnemonic, format, class, match, meaning)                                        \
    {#name, mnemonic, #format, FORMAT_##format},
#include "isa/instructions.def"
#undef INSN
};
#define INSNS (sizeof insns / sizeof insns[0])

static const struct insn *find(const char *mnemonic)
{
    for (unsigned i = 0; i < INSNS; i++)
        if (strcmp(insns[i].mnemonic, mnemonic) == 0)
            return &insns[i];
    return NULL;
}

/* The letters of formats.def: s is rs1, t is rs2. */
static const char *reads(const struct insn *i)
{
    bool a = strchr(syntax[i->format], 's'), b = strchr(syntax[i->format], 't');

    if (shapes[i->format] == SLOW || !a)
        return "none";
    return b ? "ab" : "a";
}

static void print_ops(void)
{
    puts("#ifndef OP\n#define OP(name, format, reads)\n#endif");
    for (unsigned i = 0; i < INSNS; i++)
        printf("OP(%s, %s, %s)\n", insns[i].name, insns[i].format_name, reads(&insns[i]));
}

static int complain(const char *path, unsigned line, const char *what, const char *name)
{
    fprintf(stderr, "%s:%u: %s%s; `make pairs` measures it again\n", path, line, what, name);
    return 1;
}

/* In the order of the profile: the most frequent first. */
static int print_pairs(FILE *profile, const char *path)
{
    char text[128], first[32], second[32];
    unsigned share, line = 0, pairs = 0;

    puts("#ifndef PAIR\n#define PAIR(first, reads1, second, reads2)\n#endif");
    while (fgets(text, sizeof text, profile)) {
        line++;
        if (text[0] == '#')
            continue;
        if (sscanf(text, "%31s %31s %u", first, second, &share) != 3)
            return complain(path, line, "expected FIRST SECOND SHARE", "");
        const struct insn *a = find(first), *b = find(second);
        if (!a || !b)
            return complain(path, line, "no such instruction: ", a ? second : first);
        if (shapes[a->format] == GOES_ON && shapes[b->format] != SLOW && pairs++ < PAIRS_MAX)
            printf("PAIR(%s, %s, %s, %s)\n", a->name, reads(a), b->name, reads(b));
    }
    return 0;
}

int main(int argc, char **argv)
{
    FILE *profile = argc == 2 ? fopen(argv[1], "r") : NULL;

    if (!profile) {
        fprintf(stderr, argc == 2 ? "%s: cannot be read\n" : "usage: %s PROFILE\n", argv[argc - 1]);
        return 1;
    }
    printf("/* Made by tools/gen-handlers.c, which says what this is. */\n");
    print_ops();
    int code = print_pairs(profile, argv[1]);
    puts("#undef OP\n#undef PAIR");
    fclose(profile);
    return code;
}
