# The micro-benchmarks: one kernel, linked with the native operations or with a monitor's.

MICRO_OBJ := $(addprefix $(G)/guests/micro/,micro.o user.o native.o)

$(G)/micro.elf: $(MICRO_OBJ) guests/micro/micro.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T guests/micro/micro.ld $(filter %.o,$^) -o $@

MICRO_PV_OBJ := $(addprefix $(G)/pv/guests/micro/,micro.o user.o pv_entry.o)

$(G)/micro-pv.elf: $(MICRO_PV_OBJ) guests/micro/micro.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T guests/micro/micro.ld $(filter %.o,$^) -o $@

GUESTS += $(G)/micro.elf $(G)/micro-pv.elf
