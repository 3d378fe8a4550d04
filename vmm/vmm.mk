# The monitor as an image for the simulated computer, and the small kernels that test it.

VMM_SRC := $(wildcard vmm/*.c vmm/*/*.c)
VMM_OBJ := $(VMM_SRC:%.c=$(G)/%.o) $(G)/vmm/arch_entry.o

$(G)/vmm.elf: $(VMM_OBJ) vmm/vmm.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T vmm/vmm.ld $(VMM_OBJ) -o $@

GUESTS += $(G)/vmm.elf
