/*
 * The balloon driver. The monitor raises a line when it would like more pages or can do with
 * fewer; how many is asked by hypercall (which lowers the line), and each page is given or taken
 * back by one.
 *
 *   chunk -> chunk -> ...      the addresses of the pages given, in pages that are not
 *
 * What the kernel itself may need soon is not given: then the balloon stays too small, and the
 * monitor asks again after a while.
 */
#include "guests/os/balloon.h"

#include "guests/os/arch.h"
#include "guests/os/intc.h"
#include "guests/os/printk.h"
#include "guests/os/vm.h"
#include "isa/hypercall.h"
#include "isa/paging.h"

#define KEEP     64  /* pages that stay free */
#define AT_ONCE  256 /* pages that one interrupt moves */
#define IN_CHUNK 1022

struct chunk {
    struct chunk *next;
    word count;
    word pages[IN_CHUNK];
};

static struct chunk *chunks; /* none is empty */
static word given;

static int ask(word number, word argument)
{
    register word a0 __asm__("a0") = argument;
    register word a7 __asm__("a7") = number;

    __asm__ volatile(".word 0x0000000b" /* hcall */ : "+r"(a0) : "r"(a7) : "memory");
    return (int)a0;
}

/* Room for one more address. */
static bool make_room(void)
{
    if (chunks && chunks->count < IN_CHUNK)
        return true;
    struct chunk *c = page_new();
    if (!c)
        return false;
    c->next = chunks;
    chunks = c;
    return true;
}

static void drop_empty_chunk(void)
{
    struct chunk *c = chunks;

    if (!c || c->count > 0)
        return;
    chunks = c->next;
    page_free(c);
}

static bool inflate(void)
{
    if (page_free_count() <= KEEP || !make_room())
        return false;
    void *page = page_take();
    if (!page || ask(HYPERCALL_balloon_give, (word)page) < 0) {
        if (page)
            page_free(page);
        drop_empty_chunk();
        return false;
    }
    chunks->pages[chunks->count++] = (word)page;
    given++;
    return true;
}

static bool deflate(void)
{
    word page = chunks->pages[chunks->count - 1];

    if (ask(HYPERCALL_balloon_take, page) < 0)
        return false;
    chunks->count--;
    given--;
    page_free((void *)page);
    drop_empty_chunk();
    return true;
}

static void balloon_interrupt(void)
{
    int target = ask(HYPERCALL_balloon_target, 0);
    word left = AT_ONCE;

    if (target < 0)
        return;
    while (left-- > 0 && given != (word)target)
        if (!(given < (word)target ? inflate() : deflate()))
            break;
}

void balloon_init(void)
{
    if (cpuid(0x40000000) != HYPERCALL_SIGNATURE || ask(HYPERCALL_balloon_target, 0) < 0) {
        printk("balloon: there is no monitor that asks for pages\n");
        return;
    }
    intc_enable(LINE_balloon, balloon_interrupt);
}
