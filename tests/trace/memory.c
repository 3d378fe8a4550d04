/* RAM with nested VMs; see memory.h. */
#include "tests/trace/memory.h"

#include "isa/csr.h"
#include "isa/paging.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct memory *memory_new(void)
{
    struct memory *m = calloc(1, sizeof *m);

    ck_assert_ptr_nonnull(m);
    return m;
}

bool memory_read(void *memory, hpa address, word *value)
{
    struct memory *m = memory;

    ck_assert_uint_eq(address % 4, 0);
    m->reads++;
    if (address < MEMORY_BASE || address - MEMORY_BASE >= sizeof m->words)
        return false;
    *value = m->words[(address - MEMORY_BASE) / 4];
    return true;
}

void memory_put(struct memory *m, unsigned level, gpa address, word value)
{
    word offset = address - MEMORY_BASE + level * MEMORY_UNIT;

    ck_assert_uint_lt(offset, sizeof m->words);
    m->words[offset / 4] = value;
}

void memory_put_text(struct memory *m, unsigned level, gpa address, const char *text)
{
    size_t size = strlen(text) + 1;

    for (size_t i = 0; i < size; i += 4) {
        word w = 0;
        memcpy(&w, text + i, size - i < 4 ? size - i : 4);
        memory_put(m, level, address + (word)i, w);
    }
}

void memory_make_vm(struct memory *m, unsigned level, word vmid, const char *name)
{
    memory_put(m, level, VM_VMCB + 0x004, vmid);
    memory_put(m, level, VM_VMCB + 0x020, PTBR_ON | VM_TABLE >> PAGE_SHIFT);
    memory_put(m, level, VM_TABLE + PT_INDEX1(MEMORY_BASE) * 4, (VM_TABLE + PAGE_SIZE) | PTE_V);
    for (word page = 0; page < MEMORY_SIZE - (level + 1) * MEMORY_UNIT; page += PAGE_SIZE)
        memory_put(m, level, VM_TABLE + PAGE_SIZE + PT_INDEX0(page) * 4,
                   (MEMORY_BASE + MEMORY_UNIT + page) | PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL);
    memory_put_text(m, level, VM_NAME, name);
}

void memory_start_vm(struct memory *m, struct contexts *c, word vmid, const char *name)
{
    memory_make_vm(m, c->table[c->current].level, vmid, name);
    contexts_hint(c, 0, HINT_vm_create, VM_VMCB);
    contexts_hint(c, 0, HINT_vm_name, VM_NAME);
    contexts_hint(c, 0, HINT_enter, vmid);
}
