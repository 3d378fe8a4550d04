/* The rig with a guest; see the header. */
#include "tests/machine/guests.h"

struct machine_config guests_config(void)
{
    struct machine_config config = rig_config();

    config.vt = true;
    return config;
}

void guests_set(struct rig *r, word offset, word value)
{
    rig_put_at(r, CONTROL + offset, value);
}

word guests_get(const struct rig *r, word offset)
{
    return rig_word(r, CONTROL + offset);
}

void guests_restart(struct rig *r)
{
    rig_restart(r);
    rig_clear_page(r, CONTROL);
    guests_set(r, VMCB_magic, VMCB_MAGIC);
    guests_set(r, VMCB_vmid, 1);
    guests_set(r, VMCB_icept_insn, FORCED);
    guests_set(r, VMCB_pc, GUEST);
    guests_set(r, VMCB_tvec, GUEST_VECTOR);
    guests_set(r, VMCB_timecmp, 0xffffffff);
    guests_set(r, VMCB_timecmph, 0xffffffff);
    rig_put_at(r, CODE, I(vmrun, 0, S0, 0));
    rig_x(r, S0, CONTROL);
}

void guests_init_with(struct rig *r, struct machine_config config)
{
    rig_init(r, config);
    rig_put_at(r, GUEST_VECTOR, JAL(ZERO, 0));
    guests_restart(r);
}

void guests_init(struct rig *r)
{
    guests_init_with(r, guests_config());
}

void guests_expect_exit(const struct rig *r, word code, word info1, word info2)
{
    struct machine_guest guest;

    ck_assert_msg(!machine_guest(r->m, &guest), "the guest runs on, at %08x", rig_regs(r)->pc);
    ck_assert_msg(guests_get(r, VMCB_exit_code) == code, "exit code %08x, not %08x",
                  guests_get(r, VMCB_exit_code), code);
    ck_assert_msg(guests_get(r, VMCB_exit_info1) == info1, "info1 %08x, not %08x",
                  guests_get(r, VMCB_exit_info1), info1);
    ck_assert_msg(guests_get(r, VMCB_exit_info2) == info2, "info2 %08x, not %08x",
                  guests_get(r, VMCB_exit_info2), info2);
    ck_assert_uint_eq(rig_regs(r)->x[S0], CONTROL);
    ck_assert_uint_eq(rig_regs(r)->ring, 0);
}

void guests_again(struct rig *r, unsigned steps)
{
    rig_pc(r, CODE);
    rig_run(r, steps);
}
