/* Code made at run time; see words.h. */
#include "tests/vmm/guests/words.h"

word pool[POOL_PAGES * PAGE_WORDS] __attribute__((aligned(4096)));
word regs_in[32], regs_out[32];
extern word way_back;
word way_back; /* the stack of who called all_in */

static struct {
    word seed, digest;
} state = {.seed = 20};

word random_word(void)
{
    state.seed ^= state.seed << 13;
    state.seed ^= state.seed >> 17;
    state.seed ^= state.seed << 5;
    return state.seed;
}

void add(word value)
{
    state.digest = (state.digest ^ value) * 0x01000193;
}

/* timecmp is free here: nothing waits for the timer while code runs. */
__attribute__((naked, aligned(4))) static void all_out(void)
{
    __asm__ volatile("csrrw x31, 0x7ca, x31\n"
                     "la x31, regs_out\n"
                     ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,"
                     "26,27,28,29,30\n"
                     " sw x\\n, 4*\\n(x31)\n"
                     ".endr\n"
                     "csrr x1, 0x7ca\n"
                     "sw x1, 124(x31)\n"
                     "la sp, way_back\n"
                     "lw sp, 0(sp)\n"
                     "lw ra, 0(sp)\n"
                     "lw s0, 4(sp)\n"
                     "lw s1, 8(sp)\n"
                     "lw s2, 12(sp)\n"
                     "lw s3, 16(sp)\n"
                     "lw s4, 20(sp)\n"
                     "lw s5, 24(sp)\n"
                     "lw s6, 28(sp)\n"
                     "lw s7, 32(sp)\n"
                     "lw s8, 36(sp)\n"
                     "lw s9, 40(sp)\n"
                     "lw s10, 44(sp)\n"
                     "lw s11, 48(sp)\n"
                     "addi sp, sp, 64\n"
                     "ret");
}

/* From status (PRING, PIE...) and epc as they are, with regs_in; back at the next trap. */
__attribute__((naked, noinline)) static void all_in(void)
{
    __asm__ volatile("addi sp, sp, -64\n"
                     "sw ra, 0(sp)\n"
                     "sw s0, 4(sp)\n"
                     "sw s1, 8(sp)\n"
                     "sw s2, 12(sp)\n"
                     "sw s3, 16(sp)\n"
                     "sw s4, 20(sp)\n"
                     "sw s5, 24(sp)\n"
                     "sw s6, 28(sp)\n"
                     "sw s7, 32(sp)\n"
                     "sw s8, 36(sp)\n"
                     "sw s9, 40(sp)\n"
                     "sw s10, 44(sp)\n"
                     "sw s11, 48(sp)\n"
                     "la t0, way_back\n"
                     "sw sp, 0(t0)\n"
                     "la x31, regs_in\n"
                     ".irp n,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"
                     "27,28,29,30,31\n"
                     " lw x\\n, 4*\\n(x31)\n"
                     ".endr\n"
                     ".word 0x30200073");
}

void go(word status, const void *code)
{
    word tvec = csr_read(CSR_tvec);

    csr_write(CSR_tvec, ADDRESS(all_out));
    csr_write(CSR_status, status);
    csr_write(CSR_epc, ADDRESS(code));
    all_in();
    csr_write(CSR_tvec, tvec);
}

void add_all(void)
{
    add(csr_read(CSR_cause));
    add(csr_read(CSR_epc));
    add(csr_read(CSR_tval));
    add(csr_read(CSR_status));
    for (unsigned i = 0; i < 32; i++)
        add(regs_out[i]);
}

void clear_regs(void)
{
    for (unsigned i = 0; i < 32; i++)
        regs_in[i] = 0;
}

void put_digest(const char *what)
{
    put_text(what);
    put_text(" ");
    put_hex(state.digest);
    put_text("\n");
}

void put_run(const char *what, unsigned reg, const void *code)
{
    put_text(what);
    put_text(": ");
    put_hex(regs_out[reg]);
    put_text(" cause ");
    put_hex(csr_read(CSR_cause));
    put_text(" at + ");
    put_hex(csr_read(CSR_epc) - ADDRESS(code));
    put_text("\n");
}

void random_regs(void)
{
    for (unsigned i = 0; i < 32; i++)
        regs_in[i] = random_word();
}
