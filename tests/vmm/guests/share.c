/*
 * Kernels that want the processor, each in its own way; the command line says which. None ends
 * but `nap`, which tells how late it was woken.
 */
#include "tests/vmm/guests/kernel.h"

int kernel_main(const struct boot_page *boot);

#define SLICE    200000 /* vmm/sched.h */
#define NAPS     40
#define NAP_TIME 700000

static word now(void)
{
    return csr_read(CSR_time);
}

static void sleep_until(word time)
{
    csr_write(CSR_timecmp, time);
    wfi();
}

static void spin(const struct boot_page *boot)
{
    (void)boot;
    for (;;)
        __asm__ volatile("");
}

/* Sleeps over the end of its slice, where a monitor that looks only then would charge it. */
static void thief(const struct boot_page *boot)
{
    (void)boot;
    for (;;) {
        word woken = now();
        while (now() - woken < SLICE - 8000)
            ;
        sleep_until(now() + 16000);
    }
}

/* Little work, often. */
static void nap(const struct boot_page *boot)
{
    word worst = 0;

    (void)boot;
    for (unsigned i = 0; i < NAPS; i++) {
        word wanted = now() + NAP_TIME;
        sleep_until(wanted);
        word late = now() - wanted;
        if (late > worst)
            worst = late;
    }
    put_text("late ");
    put_hex(worst);
    put_text("\n");
}

int kernel_main(const struct boot_page *boot)
{
    static const struct kernel_case cases[] = {{"spin", spin}, {"thief", thief}, {"nap", nap}};

    csr_write(CSR_timecmph, 0);
    csr_write(CSR_timecmp, ~0u);
    csr_write(CSR_ie, ie_timer); /* in ring 0 with IE clear: ends a wfi, is not taken */
    return run_case(cases, sizeof cases / sizeof cases[0], boot);
}
