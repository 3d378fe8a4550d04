/* The test kernels' common part; see kernel.h. */
#include "tests/vmm/guests/kernel.h"

#define PAGES 64

static word pages[PAGES][PT_ENTRIES] __attribute__((aligned(4096)));
static unsigned pages_used;

static struct {
    int on;
    word value; /* FNV-1a of what was not sent */
} digest;

static void put_byte(uint8_t byte)
{
    if (digest.on)
        digest.value = (digest.value ^ byte) * 0x01000193;
    else
        *(volatile uint8_t *)REGION_uart = byte;
}

void put_text(const char *s)
{
    while (*s)
        put_byte((uint8_t)*s++);
}

void put_hex(word value)
{
    char text[9];

    for (int i = 7; i >= 0; i--, value >>= 4)
        text[i] = "0123456789abcdef"[value & 15];
    text[8] = '\0';
    put_text(text);
}

void put_attempt(const char *name, const void *code, const struct attempt *a)
{
    word from = (word)(uintptr_t)code, end = (word)(uintptr_t)done;

    put_text(name);
    put_text(": cause ");
    put_hex(a->cause);
    put_text(" tval ");
    put_hex(a->tval);
    if (a->epc == end)
        put_text(" done");
    else {
        put_text(" pc + ");
        put_hex(a->epc - from);
    }
    put_text(" status ");
    put_hex(a->status);
    put_text(" value ");
    put_hex(a->value);
    put_text("\n");
}

/* Is the first word of a line this one? */
static int begins(const char *line, const char *word)
{
    while (*word && *line == *word)
        line++, word++;
    return !*word && (!*line || *line == ' ');
}

static void end_digest(void)
{
    if (!digest.on)
        return;
    digest.on = 0;
    put_hex(digest.value);
    put_text("\n");
}

int run_case(const struct kernel_case *cases, unsigned count, const struct boot_page *boot)
{
    const char *line = boot->cmdline;

    if (begins(line, "digest")) {
        digest.on = 1;
        digest.value = 0x811c9dc5;
        line += sizeof "digest";
    }
    for (unsigned i = 0; i < count; i++) {
        if (begins(line, cases[i].name)) {
            cases[i].run(boot);
            end_digest();
            return 0;
        }
    }
    put_text("no such case\n");
    return 2;
}

word *new_page(void)
{
    word *page = pages[pages_used++ % PAGES];

    for (unsigned i = 0; i < PT_ENTRIES; i++)
        ((volatile word *)page)[i] = 0;
    return page;
}

word *new_root(void)
{
    static const word whole[] = {0x00000000, 0x0c000000, 0x10000000, 0x80000000, 0x80400000};
    word *root = new_page();

    for (unsigned i = 0; i < sizeof whole / sizeof whole[0]; i++)
        root[PT_INDEX1(whole[i])] = whole[i] | PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL;
    return root;
}

void map_page(word *root, word va, word leaf)
{
    word *entry = &root[PT_INDEX1(va)];

    if (!*entry)
        *entry = (word)(uintptr_t)new_page() | PTE_V;
    ((word *)(uintptr_t)(*entry & PTE_PPN))[PT_INDEX0(va)] = leaf;
}

word ptbr_for(const word *root, word asid)
{
    return PTBR_ON | asid << PTBR_ASID_SHIFT | (word)(uintptr_t)root >> PAGE_SHIFT;
}
