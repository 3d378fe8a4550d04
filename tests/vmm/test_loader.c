/*
 * A VM's birth and death: what the loader refuses, where it puts things (as the machine's own
 * loader would), and that nothing is left behind.
 */
#include <check.h>
#include <string.h>

#include "tests/vmm/fake.h"
#include "vmm/cmdline.h"
#include "vmm/loader.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"

#include "isa/boot.h"
#include "isa/paging.h"

Suite *suite_vmm_loader(void);

/* Host-physical places of the modules. */
#define KERNEL_AT (FAKE_BASE + 0x10000)
#define MODULE_AT (FAKE_BASE + 0x20000)
#define USED_END  (FAKE_BASE + 0x40000)
#define GUEST_RAM (1u << 20)
#define TEXT_SIZE 0x1100u

struct header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct segment {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};
struct file {
    struct header header;
    struct segment segments[2];
    uint8_t text[TEXT_SIZE];
};

static struct vmm vmm;
static struct boot_page boot;
static struct vm_description d;
static struct file *file;
static struct line why;

static void add_module(const char *name, hpa address, word size)
{
    struct boot_module *m = &boot.modules[boot.module_count++];

    strcpy(m->name, name);
    m->address = address;
    m->size = size;
}

static void setup(void)
{
    static const struct header good = {
        .ident = {0x7f, 'E', 'L', 'F', 1, 1, 1},
        .type = 2,
        .machine = 243,
        .version = 1,
        .entry = RAM_BASE + 8,
        .phoff = sizeof(struct header),
        .ehsize = sizeof(struct header),
        .phentsize = sizeof(struct segment),
        .phnum = 2,
    };

    fake_reset();
    vmm = (struct vmm){.boot = &boot};
    ck_assert(alloc_init(&vmm.alloc, FAKE_BASE, FAKE_SIZE, USED_END));
    boot = (struct boot_page){.magic = BOOT_MAGIC};
    add_module("k", KERNEL_AT, sizeof *file);
    add_module("m", MODULE_AT, 5000);
    add_module("empty", MODULE_AT + 0x4000, 0);
    file = phys_ptr(KERNEL_AT);
    file->header = good;
    file->segments[0] = (struct segment){
        1, offsetof(struct file, text), RAM_BASE, RAM_BASE, TEXT_SIZE, TEXT_SIZE, 5, 4096};
    file->segments[1] = (struct segment){
        1, offsetof(struct file, text), RAM_BASE + 0x2000, RAM_BASE + 0x2000, 16, 0x1800, 6, 4096};
    for (unsigned i = 0; i < TEXT_SIZE; i++)
        file->text[i] = (uint8_t)(i * 13 + 1);
    memset(phys_ptr(MODULE_AT), 0x5a, 5000);
    static const char name[] = "vm", kernel[] = "k", cmdline[] = "words with blanks";
    d = (struct vm_description){.name = {name, 2},
                                .technique = &technique_full,
                                .ram = GUEST_RAM,
                                .kernel = {kernel, 1},
                                .weight = SCHED_WEIGHT,
                                .cmdline = {cmdline, sizeof cmdline - 1}};
    why = (struct line){.length = 0};
}

static struct slice text(const char *s)
{
    return (struct slice){s, string_length(s)};
}

START_TEST(a_vm_finds_itself_as_on_a_bare_machine)
{
    d.modules = text("m,empty");
    struct vm *vm = vm_create(&vmm, &d, &why);
    struct boot_page page;
    uint8_t bytes[TEXT_SIZE];

    ck_assert_msg(vm != NULL, "%s", why.text);
    ck_assert_uint_eq(vm->vcpu.cb->pc, RAM_BASE + 8);
    ck_assert_uint_eq(vm->vcpu.cb->ring, 0);
    ck_assert_uint_eq(vm->vcpu.cb->status, 0);
    ck_assert_uint_eq(vm->vcpu.x[10], 0);
    /* program to 3800h, so modules at 4000h and 6000h, the boot page at 6000h: one is empty */
    ck_assert_uint_eq(vm->vcpu.x[11], RAM_BASE + 0x6000);
    ck_assert(p2m_read(&vm->map, vm->vcpu.x[11], &page, sizeof page));
    ck_assert_uint_eq(page.magic, BOOT_MAGIC);
    ck_assert_uint_eq(page.ram_base, RAM_BASE);
    ck_assert_uint_eq(page.ram_size, GUEST_RAM);
    ck_assert_uint_eq(page.module_count, 2);
    ck_assert_str_eq(page.modules[0].name, "m");
    ck_assert_uint_eq(page.modules[0].address, RAM_BASE + 0x4000);
    ck_assert_uint_eq(page.modules[0].size, 5000);
    ck_assert_uint_eq(page.modules[1].address, RAM_BASE + 0x6000);
    ck_assert_str_eq(page.cmdline, "words with blanks");
    ck_assert(p2m_read(&vm->map, RAM_BASE, bytes, sizeof bytes));
    ck_assert(memcmp(bytes, file->text, sizeof bytes) == 0);
    ck_assert_uint_eq(fake_read(vm, RAM_BASE + 0x2010), 0); /* bss */
    ck_assert_uint_eq(fake_read(vm, RAM_BASE + 0x4000 + 4996), 0x5a5a5a5a);
    ck_assert_uint_eq(fake_read(vm, RAM_BASE + 0x4000 + 5000), 0);
    ck_assert_uint_eq(vm->vcpu.cb->magic, 0x42434d56);
    ck_assert_uint_eq(vm->vcpu.cb->vmid, vm->id);
    ck_assert_uint_eq(vm->vcpu.cb->nptbr, PTBR_ON | vm->map.root >> PAGE_SHIFT);
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------- */

static void not_elf(void)
{
    file->header.ident[1] = 'X';
}
static void short_file(void)
{
    boot.modules[0].size = sizeof(struct header) - 1;
}
static void wrong_class(void)
{
    file->header.ident[4] = 2;
}
static void wrong_order(void)
{
    file->header.ident[5] = 2;
}
static void wrong_machine(void)
{
    file->header.machine = 62;
}
static void wrong_type(void)
{
    file->header.type = 1;
}
static void no_headers(void)
{
    file->header.phnum = 0;
}
static void headers_outside(void)
{
    file->header.phoff = sizeof *file - 32;
}
static void headers_wrap(void)
{
    file->header.phoff = 0xfffffff0;
}
static void headers_of_other_size(void)
{
    file->header.phentsize = 56;
}
static void truncated(void)
{
    boot.modules[0].size = sizeof *file - 1;
}
static void offset_wraps(void)
{
    file->segments[1].offset = 0xfffffff8;
}
static void more_file_than_memory(void)
{
    file->segments[1].memsz = 15;
}
static void below_ram(void)
{
    file->segments[1].paddr = 0x1000;
}
static void behind_ram(void)
{
    file->segments[1].paddr = RAM_BASE + GUEST_RAM - 0x17ff;
}
static void memory_wraps(void)
{
    file->segments[1].memsz = 0xffffffff;
}
static void overlap(void)
{
    file->segments[1].paddr = RAM_BASE + TEXT_SIZE - 1;
}
static void entry_outside(void)
{
    file->header.entry = RAM_BASE + TEXT_SIZE;
}
static void entry_odd(void)
{
    file->header.entry = RAM_BASE + 2;
}
static void no_kernel(void)
{
    d.kernel = text("other");
}
static void no_module(void)
{
    d.modules = text("other");
}
static void module_twice(void)
{
    d.modules = text("m,m");
}
static void module_too_large(void)
{
    boot.modules[1].size = GUEST_RAM;
    d.modules = text("m");
}
static void no_room_for_boot_page(void)
{
    boot.modules[1].size = GUEST_RAM - 0x4000;
    d.modules = text("m");
}

static const struct {
    void (*damage)(void);
    const char *says;
} refusals[] = {
    {not_elf, "vm: k: not an ELF file"},
    {short_file, "vm: k: not an ELF file: too short"},
    {wrong_class, "vm: k: not a 32-bit little-endian RISC-V executable"},
    {wrong_order, "vm: k: not a 32-bit little-endian RISC-V executable"},
    {wrong_machine, "vm: k: not a 32-bit little-endian RISC-V executable"},
    {wrong_type, "vm: k: not a 32-bit little-endian RISC-V executable"},
    {no_headers, "vm: k: its program headers are damaged or missing"},
    {headers_outside, "vm: k: its program headers are damaged or missing"},
    {headers_wrap, "vm: k: its program headers are damaged or missing"},
    {headers_of_other_size, "vm: k: its program headers are damaged or missing"},
    {truncated, "vm: k: a segment is truncated"},
    {offset_wraps, "vm: k: a segment is truncated"},
    {more_file_than_memory, "vm: k: a segment is truncated"},
    {below_ram, "vm: k: a segment lies outside the VM's RAM"},
    {behind_ram, "vm: k: a segment lies outside the VM's RAM"},
    {memory_wraps, "vm: k: a segment lies outside the VM's RAM"},
    {overlap, "vm: k: two segments overlap"},
    {entry_outside, "vm: k: its entry is not a physical address inside it"},
    {entry_odd, "vm: k: its entry is not a physical address inside it"},
    {no_kernel, "vm: other: there is no module of this name for the kernel"},
    {no_module, "vm: other: there is no module of this name"},
    {module_twice, "vm: m: the same module twice"},
    {module_too_large, "vm: m: no room for this module; give the VM more ram="},
    {no_room_for_boot_page, "vm: vm: no room for the boot page; give the VM more ram="},
};

START_TEST(what_cannot_be_loaded_is_refused_and_leaves_nothing_behind)
{
    uint32_t free_frames = vmm.alloc.free_count;

    refusals[_i].damage();
    ck_assert_ptr_null(vm_create(&vmm, &d, &why));
    ck_assert_str_eq(why.text, refusals[_i].says);
    ck_assert_uint_eq(vmm.alloc.free_count, free_frames);
    ck_assert_uint_eq(vmm.vm_count, 0);
    ck_assert_ptr_null(vmm.vms[0]);
}
END_TEST

/* ---- life ----------------------------------------------------------------------------------- */

START_TEST(a_vm_that_ended_gives_back_all_that_it_held)
{
    uint32_t free_frames = vmm.alloc.free_count;

    vmm.disk.sectors = 10;
    d.disk.given = true;
    for (unsigned i = 0; i < 3; i++) {
        struct vm *vm = vm_create(&vmm, &d, &why);
        ck_assert_ptr_nonnull(vm);
        ck_assert_uint_eq(vm->ata.sectors, 10);
        ck_assert_uint_ne(shadow_select(&vm->shadow, PTBR_ON | RAM_BASE >> PAGE_SHIFT, 0), 0);
        vm_end(vm, "it was told to", NULL);
        vm_destroy(vm);
        alloc_sweep(&vmm.alloc, vmm.alloc.count);
        ck_assert_uint_eq(vmm.alloc.free_count, free_frames);
        ck_assert_uint_eq(vmm.vm_count, 0);
    }
    for (unsigned i = 1; i < ASIDS; i++)
        ck_assert_uint_eq(vmm.alloc.asid_owner[i], OWNER_VMM);
    ck_assert_ptr_nonnull(strstr(fake()->out, "vmm: vm ended: it was told to at pc 80000008\n"));
    ck_assert_uint_eq(vmm.status, 1);
}
END_TEST

START_TEST(what_one_vm_left_in_memory_another_does_not_see)
{
    struct vm *vm = vm_create(&vmm, &d, &why);

    fake_write(vm, RAM_BASE + GUEST_RAM - 4, 0x5ec0e7);
    vm_power_off(vm, 0);
    vm_destroy(vm);
    vm = vm_create(&vmm, &d, &why);
    for (gpa at = RAM_BASE + 0x8000; at < RAM_BASE + GUEST_RAM; at += 4)
        if (fake_read(vm, at) != 0)
            ck_abort_msg("%08x holds %08x", at, fake_read(vm, at));
}
END_TEST

START_TEST(only_the_first_reason_counts)
{
    struct vm *vm = vm_create(&vmm, &d, &why);

    vm_end(vm, "first", "really");
    vm_power_off(vm, 3);
    vm_destroy(vm);
    ck_assert_ptr_nonnull(strstr(fake()->out, "vmm: vm ended: first (really) at pc 80000008\n"));
    ck_assert_uint_eq(vmm.status, 1);
}
END_TEST

START_TEST(as_many_vms_as_fit_and_then_a_refusal)
{
    unsigned made = 0;

    d.ram = 1u << 20;
    while (vm_create(&vmm, &d, &why)) {
        made++;
        why = (struct line){.length = 0};
    }
    ck_assert_ptr_nonnull(
        strstr(why.text, "vm: this machine has too little RAM left for it: it needs "));
    ck_assert_uint_gt(made, 8);
    ck_assert_uint_eq(vmm.vm_count, made);
}
END_TEST

Suite *suite_vmm_loader(void)
{
    Suite *s = suite_create("vmm_loader");
    TCase *t = tcase_create("loader");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, a_vm_finds_itself_as_on_a_bare_machine);
    tcase_add_loop_test(t, what_cannot_be_loaded_is_refused_and_leaves_nothing_behind, 0,
                        COUNT_OF(refusals));
    tcase_add_test(t, a_vm_that_ended_gives_back_all_that_it_held);
    tcase_add_test(t, what_one_vm_left_in_memory_another_does_not_see);
    tcase_add_test(t, only_the_first_reason_counts);
    tcase_add_test(t, as_many_vms_as_fit_and_then_a_refusal);
    suite_add_tcase(s, t);
    return s;
}
