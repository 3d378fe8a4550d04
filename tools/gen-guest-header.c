/*
 * Prints the header that code on the simulated processor uses: numbers of control registers,
 * fields, causes, VMCB words, hints, hypercalls, the platform and its devices, and macros for the new
 * instructions. For C and for assembly. Everything comes from the .def files in isa.
 */
#include <stdio.h>

static const struct {
    const char *name, *format;
    unsigned match;
} insns[] = {
#define INSN(name, mnemonic, format, class, match, meaning) {#name, #format, match},
#include "isa/instructions.def"
#undef INSN
};

static void define(const char *prefix, const char *name, const char *suffix, unsigned value,
                   const char *meaning)
{
    printf("#define %s%s%s 0x%x /* %s */\n", prefix, name, suffix, value, meaning);
}

static void define_field(const char *csr, const char *name, unsigned high, unsigned low,
                         const char *meaning)
{
    unsigned mask = (unsigned)(((2ull << (high - low)) - 1) << low);

    printf("#define %s_%s 0x%x /* %s */\n", csr, name, mask, meaning);
    printf("#define %s_%s_SHIFT %u\n", csr, name, low);
}

static unsigned match_of(const char *name)
{
    for (unsigned i = 0; i < sizeof insns / sizeof insns[0]; i++) {
        const char *a = insns[i].name, *b = name;
        while (*a && *a == *b)
            a++, b++;
        if (!*a && !*b)
            return insns[i].match;
    }
    return 0;
}

static void numbers(void)
{
    puts("/* control registers: CSR_x is the number, X_field a mask */");
#define CSR(name, number, kind, hole, wmask, meaning) define("CSR_", #name, "", number, meaning);
#include "isa/csrs.def"
#define FIELD(csr, name, high, low, meaning) define_field(#csr, #name, high, low, meaning);
#include "isa/csrs.def"
    puts("\n/* causes */");
#define CAUSE(name, code, tval, text) define("CAUSE_", #name, "", code, text);
#define INTERRUPT(name, code, text)   define("INTERRUPT_", #name, "", code, text);
#include "isa/causes.def"
    puts("#define CAUSE_INTERRUPT 0x80000000");
    puts("\n/* the VMCB: byte offsets, intercept bits, exit codes */");
#define VMCB(area, name, offset, meaning) define("VMCB_", #name, "", offset, meaning);
#define INTERCEPT(name, bit, meaning)     define("INTERCEPT_", #name, "", bit, meaning);
#define EXIT(name, code, meaning)         define("EXIT_", #name, "", code, meaning);
#include "isa/vmcb.def"
    puts("\n/* the trace hint's numbers */");
#define HINT(name, number, value) define("HINT_", #name, "", number, value);
#include "isa/hints.def"
#undef HINT
    puts("\n/* hypercalls and their errors */");
#define HYPERCALL(name, number, who, arguments, meaning)                                           \
    define("HYPERCALL_", #name, "", number, meaning);
#define HYPERCALL_ERROR(name, number, meaning)                                                     \
    define("HYPERCALL_ERROR_", #name, "", number, meaning);
#include "isa/hypercalls.def"
    puts("\n/* the platform */");
#define REGION(name, base, size, meaning)  define("REGION_", #name, "", base, meaning);
#define PORTS(name, first, count, meaning) define("PORT_", #name, "", first, meaning);
#define LINE(name, number, meaning)        define("LINE_", #name, "", number, meaning);
#include "isa/platform.def"
    puts("\n/* the devices' registers, by offset, and their bits */");
#define DEVREG(device, name, offset, meaning) define(#device "_", #name, "", offset, meaning);
#define DEVBITS(device, reg, name, value, meaning)                                                 \
    define(#device "_" #reg "_", #name, "", value, meaning);
#include "isa/devices.def"
}

static void assembler_macros(void)
{
    puts("\n#ifdef __ASSEMBLER__");
    puts(".macro tret");
    printf("    .word 0x%08x\n.endm\n", match_of("tret"));
    printf(".macro hcall\n    .word 0x%08x\n.endm\n", match_of("hcall"));
    printf(".macro vmrun rs1\n    .insn r 0x0b, 1, 0, x0, \\rs1, x0\n.endm\n");
    printf(".macro pin rd, rs1\n    .insn r 0x0b, 2, 0, \\rd, \\rs1, x0\n.endm\n");
    printf(".macro pout rs1, rs2\n    .insn r 0x0b, 3, 0, x0, \\rs1, \\rs2\n.endm\n");
    printf(".macro probe rd, rs1\n    .insn r 0x0b, 4, 0, \\rd, \\rs1, x0\n.endm\n");
    printf(".macro cpuid rd, rs1\n    .insn r 0x0b, 5, 0, \\rd, \\rs1, x0\n.endm\n");
    puts(".macro trace rs1, number\n    slti x0, \\rs1, \\number\n.endm");
    puts("#else");
}

static void c_macros(void)
{
    puts("/* register access: csr_read(CSR_cause), csr_write(CSR_tvec, v), csr_set, csr_clear */");
    puts("#define XSTR_(x) #x\n#define XSTR(x) XSTR_(x)");
    puts("#define csr_read(csr) __extension__({ unsigned v_; "
         "__asm__ volatile(\"csrr %0, \" XSTR(csr) : \"=r\"(v_) : : \"memory\"); v_; })");
    puts("#define csr_write(csr, v) "
         "__asm__ volatile(\"csrw \" XSTR(csr) \", %0\" : : \"rK\"(v) : \"memory\")");
    puts("#define csr_set(csr, v) "
         "__asm__ volatile(\"csrs \" XSTR(csr) \", %0\" : : \"rK\"(v) : \"memory\")");
    puts("#define csr_clear(csr, v) "
         "__asm__ volatile(\"csrc \" XSTR(csr) \", %0\" : : \"rK\"(v) : \"memory\")");
    puts("#define csr_swap(csr, v) __extension__({ unsigned v_; "
         "__asm__ volatile(\"csrrw %0, \" XSTR(csr) \", %1\" : \"=r\"(v_) : \"rK\"(v) : "
         "\"memory\"); v_; })");
    puts("static inline unsigned pin(unsigned port) { unsigned v; "
         "__asm__ volatile(\".insn r 0x0b, 2, 0, %0, %1, x0\" : \"=r\"(v) : \"r\"(port) : "
         "\"memory\"); return v; }");
    puts("static inline void pout(unsigned port, unsigned v) { "
         "__asm__ volatile(\".insn r 0x0b, 3, 0, x0, %0, %1\" : : \"r\"(port), \"r\"(v) : "
         "\"memory\"); }");
    puts("static inline unsigned probe(unsigned a) { unsigned v; "
         "__asm__ volatile(\".insn r 0x0b, 4, 0, %0, %1, x0\" : \"=r\"(v) : \"r\"(a) : "
         "\"memory\"); return v; }");
    puts("static inline unsigned cpuid(unsigned leaf) { unsigned v; "
         "__asm__ volatile(\".insn r 0x0b, 5, 0, %0, %1, x0\" : \"=r\"(v) : \"r\"(leaf)); return "
         "v; }");
    puts("static inline void vmrun(unsigned vmcb) { "
         "__asm__ volatile(\".insn r 0x0b, 1, 0, x0, %0, x0\" : : \"r\"(vmcb) : \"memory\"); }");
    puts("static inline void wfi(void) { __asm__ volatile(\"wfi\" : : : \"memory\"); }");
    puts("static inline void sfence_vma(void) { __asm__ volatile(\"sfence.vma\" : : : \"memory\"); "
         "}");
    puts("#define trace_hint(number, v) "
         "__asm__ volatile(\"slti x0, %0, %1\" : : \"r\"(v), \"i\"(number) : \"memory\")");
    puts("#endif");
}

int main(void)
{
    puts("/* Made from the tables in isa by tools/gen-guest-header.c; do not edit. */");
    puts("#ifndef XRINGS_H\n#define XRINGS_H\n");
    numbers();
    assembler_macros();
    c_macros();
    puts("\n#endif");
    return 0;
}
