/*
 * misbehave [WAY]: does what a program may not do; the kernel must end it, and only it.
 * Without an argument it lists the ways; `misbehave all` tries each in a process of its own.
 */
#include "guests/user/arguments.h"
#include "xrings.h"

#define KERNEL 0x80000000u

static int read_wild(void)
{
    return *(volatile int *)0x12345678;
}

static int write_wild(void)
{
    return *(volatile int *)0x6000000c = 1;
}

static int read_null(void)
{
    volatile int *volatile nothing = NULL;
    return *nothing;
}

static int call_null(void)
{
    void (*volatile nothing)(void) = NULL;
    nothing();
    return 0;
}

static int read_kernel(void)
{
    return *(volatile int *)KERNEL;
}

static int write_kernel(void)
{
    return *(volatile int *)KERNEL = 0;
}

static int jump_kernel(void)
{
    void (*volatile kernel)(void) = (void (*)(void))KERNEL;
    kernel();
    return 0;
}

static int write_code(void)
{
    return *(volatile int *)(unsigned)write_code = 0;
}

static int run_data(void)
{
    static unsigned data[] = {0x00008067}; /* ret */
    ((void (*)(void))(unsigned)data)();
    return 0;
}

static int misaligned(void)
{
    static unsigned data[2];
    volatile unsigned address = (unsigned)data + 1;
    return *(volatile int *)address;
}

static int illegal(void)
{
    __asm__ volatile(".word 0xffffffff");
    return 0;
}

static int breakpoint(void)
{
    __asm__ volatile("ebreak");
    return 0;
}

static int privileged_wait(void)
{
    wfi();
    return 0;
}

static int privileged_return(void)
{
    __asm__ volatile(".word 0x30200073"); /* tret */
    return 0;
}

static int privileged_flush(void)
{
    sfence_vma();
    return 0;
}

static int privileged_register(void)
{
    csr_write(CSR_ptbr, 0);
    return 0;
}

static int port(void)
{
    return (int)pin(PORT_ata + 7);
}

static int hypercall(void)
{
    __asm__ volatile(".word 0x0000000b"); /* hcall */
    return 0;
}

static int overflow(int depth)
{
    volatile char room[256];
    room[0] = (char)depth;
    return depth < 0 ? 0 : overflow(depth + 1) + room[0];
}

static int overflow_stack(void)
{
    return overflow(0);
}

static const struct {
    const char *name, *what;
    int (*attempt)(void);
} ways[] = {
    {"read", "read from an address where nothing is", read_wild},
    {"write", "write to an address where nothing is", write_wild},
    {"null", "read through a null pointer", read_null},
    {"call", "call a null pointer", call_null},
    {"spy", "read the kernel's memory", read_kernel},
    {"spoil", "write the kernel's memory", write_kernel},
    {"enter", "jump into the kernel", jump_kernel},
    {"code", "write its own code", write_code},
    {"data", "execute its own data", run_data},
    {"align", "read a word from an odd address", misaligned},
    {"illegal", "execute what is no instruction", illegal},
    {"break", "execute ebreak", breakpoint},
    {"wait", "execute wfi, a privileged instruction", privileged_wait},
    {"return", "execute tret, a privileged instruction", privileged_return},
    {"flush", "execute sfence.vma, a privileged instruction", privileged_flush},
    {"csr", "write ptbr, a control register", privileged_register},
    {"port", "read a port of the disk", port},
    {"hcall", "make a hypercall", hypercall},
    {"stack", "call itself without end", overflow_stack},
};
#define WAYS (sizeof ways / sizeof ways[0])

static int attempt(unsigned i)
{
    ways[i].attempt();
    printf("misbehave: nobody objected to '%s'\n", ways[i].name);
    return 1;
}

/* Returns 0 when the kernel ended every one of them. */
static int attempt_all(const char *self)
{
    unsigned ended = 0;

    for (unsigned i = 0; i < WAYS; i++) {
        const char *const arguments[] = {self, ways[i].name, NULL};
        int status = 0, pid = spawn(self, arguments, STDIN, STDOUT);
        if (pid > 0 && wait(pid, &status) == pid && (status & STATUS_KILLED))
            ended++;
    }
    printf("%u of %u were ended by the kernel\n", ended, (unsigned)WAYS);
    return ended != WAYS;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "all") == 0)
        return attempt_all(argv[0]);
    for (unsigned i = 0; argc == 2 && i < WAYS; i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            return attempt(i);
    printf("usage: misbehave WAY, or: misbehave all\n");
    for (unsigned i = 0; i < WAYS; i++)
        printf("  %-8s %s\n", ways[i].name, ways[i].what);
    return argc == 1 ? 0 : 2;
}
