/* The virtual timer; see time.h. */
#include "vmm/time.h"

#include "vmm/arch.h"
#include "vmm/isa.h"
#include "vmm/sched.h"
#include "vmm/technique.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

static uint64_t pair(word high, word low)
{
    return (uint64_t)high << 32 | low;
}

static uint64_t offset(const union vmcb *cb)
{
    return pair(cb->time_offseth, cb->time_offset);
}

uint64_t vtimer_now(const struct vcpu *v)
{
    return arch_time() + offset(v->cb);
}

static void update(union vmcb *cb)
{
    bool due = arch_time() + offset(cb) >= pair(cb->timecmph, cb->timecmp);

    cb->ip = due ? cb->ip | FIELD_ip_timer : cb->ip & ~(word)FIELD_ip_timer;
}

void vtimer_update(struct vcpu *v)
{
    update(v->home);
    if (vcpu_nested(v))
        update(v->cb);
}

void vtimer_changed(struct vcpu *v)
{
    vtimer_update(v);
    sched_timer_changed(v->vm->vmm);
}

static uint64_t deadline(const union vmcb *cb)
{
    uint64_t compare = pair(cb->timecmph, cb->timecmp), back = offset(cb);

    if (!(cb->ie & FIELD_ie_timer) || (cb->ip & FIELD_ip_timer) || compare < back)
        return ARCH_NEVER;
    return compare - back;
}

/* In cycles. No machine lives to see the end of its counter: what is set for then never rings. */
#define END_OF_TIME_SHIFT 62

static bool can_ring(const struct vcpu *v, const union vmcb *cb)
{
    uint64_t high = deadline(cb) >> 32;

    if (!(cb->ie & FIELD_ie_timer))
        return false;
    return (cb->ip & FIELD_ip_timer) ||
           (high + 1) * v->vm->vmm->sched.divider >> (END_OF_TIME_SHIFT - 32) == 0;
}

bool vtimer_can_ring(const struct vcpu *v)
{
    return can_ring(v, v->home) || (vcpu_nested(v) && can_ring(v, v->cb));
}

/* The compare register of the guest that vmrun runs is the processor's own meanwhile. */
static bool is_real(const struct vcpu *v)
{
    return v->vm->technique->inject && v->vm->vmm->sched.current == v->vm && !v->waiting;
}

uint64_t vtimer_deadline(const struct vcpu *v)
{
    uint64_t own = deadline(v->home), current = deadline(v->cb);

    if (is_real(v))
        return vcpu_nested(v) ? own : ARCH_NEVER;
    return own < current ? own : current;
}
