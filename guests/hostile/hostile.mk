# A kernel that tries everything, by a seed: hostile-guest.lua and tests/vmm run it beside others.

HOSTILE_OBJ := $(addprefix $(G)/guests/hostile/,start.o hostile.o)

$(G)/hostile.elf: $(HOSTILE_OBJ) guests/hostile/hostile.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T guests/hostile/hostile.ld -o $@ $(HOSTILE_OBJ)

GUESTS += $(G)/hostile.elf
