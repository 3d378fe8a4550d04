/* The virtual timer; see time.h. */
#include "vmm/time.h"

#include "vmm/arch.h"
#include "vmm/isa.h"
#include "vmm/sched.h"
#include "vmm/vm.h"

static uint64_t pair(word high, word low)
{
    return (uint64_t)high << 32 | low;
}

static uint64_t offset(const struct vcpu *v)
{
    return pair(v->cb->time_offseth, v->cb->time_offset);
}

uint64_t vtimer_now(const struct vcpu *v)
{
    return arch_time() + offset(v);
}

void vtimer_update(struct vcpu *v)
{
    bool due = vtimer_now(v) >= pair(v->cb->timecmph, v->cb->timecmp);

    v->cb->ip = due ? v->cb->ip | FIELD_ip_timer : v->cb->ip & ~(word)FIELD_ip_timer;
}

void vtimer_changed(struct vcpu *v)
{
    vtimer_update(v);
    sched_timer_changed(v->vm->vmm);
}

uint64_t vtimer_deadline(const struct vcpu *v)
{
    uint64_t compare = pair(v->cb->timecmph, v->cb->timecmp), back = offset(v);

    if (!(v->cb->ie & FIELD_ie_timer) || (v->cb->ip & FIELD_ip_timer) || compare < back)
        return ARCH_NEVER;
    return compare - back;
}
