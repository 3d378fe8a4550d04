/* The machine's devices on a bench; see bench.h. */
#include "tests/vmm/bench.h"

#include <stdlib.h>

#include "machine/ata.h"
#include "machine/intc.h"
#include "machine/uart.h"

static struct {
    struct uart uart;
    struct intc intc;
    struct ata ata;
    struct disk disk;
    struct alarm *alarm;
    bool lines[3];
} bench;

static void set_line(void *owner, unsigned line, bool level)
{
    (void)owner;
    bench.lines[line] = level;
}

static void set_external(void *owner, bool level)
{
    (void)owner;
    bench.lines[BENCH_INTC] = level;
}

static uint64_t now(void *owner)
{
    (void)owner;
    return 0;
}

static void set_alarm(void *owner, struct alarm *a, uint64_t at)
{
    (void)owner;
    bench.alarm = at == UINT64_MAX ? NULL : a;
}

static void emit(void *owner, enum event_kind kind, word tval, word a, word b)
{
    (void)owner, (void)kind, (void)tval, (void)a, (void)b;
}

static const struct board board = {
    .now = now, .set_alarm = set_alarm, .emit = emit, .external = set_external};

static struct device *device(enum bench_device d)
{
    switch (d) {
    case BENCH_UART:
        return &bench.uart.device;
    case BENCH_INTC:
        return &bench.intc.device;
    default:
        return &bench.ata.device;
    }
}

static unsigned width(enum bench_device d)
{
    return d == BENCH_UART ? 1 : d == BENCH_INTC ? 4 : 2;
}

void bench_open(const char *image)
{
    uart_init(&bench.uart, &board, (struct irq){set_line, NULL, BENCH_UART});
    intc_init(&bench.intc, &board);
    if (disk_open(&bench.disk, image, false, NULL) != 0)
        abort();
    ata_init(&bench.ata, &board, (struct irq){set_line, NULL, BENCH_ATA}, &bench.disk, 1);
    bench.alarm = NULL;
}

void bench_close(void)
{
    uart_fini(&bench.uart);
    disk_close(&bench.disk);
}

word bench_read(enum bench_device d, word reg)
{
    return device(d)->ops->read(device(d), reg, width(d));
}

void bench_write(enum bench_device d, word reg, word value)
{
    device(d)->ops->write(device(d), reg, width(d), value);
}

bool bench_line(enum bench_device d)
{
    return bench.lines[d];
}

bool bench_uart_has_room(void)
{
    return bench.uart.regs.count < UART_FIFO_SIZE;
}

void bench_uart_input(uint8_t byte)
{
    uart_input(&bench.uart, &byte, 1);
}

void bench_set_line(unsigned line, bool level)
{
    struct irq irq = intc_line(&bench.intc, line);

    irq_set(&irq, level);
}

void bench_disk_ready(void)
{
    struct alarm *a = bench.alarm;

    bench.alarm = NULL;
    if (a)
        a->fn(a->user);
}

unsigned bench_disk_position(void)
{
    return bench.ata.regs.position / 2;
}
