# SPDX-License-Identifier: MIT
# Completion of otpctl for bash: commands, options, and the names of enrolled users and the
# addresses of accounts where a command takes one. They are asked of otpd, at most 1000 and for at most a second;
# where that fails (no otpd, not root) nothing is offered and nothing is said. Only names
# of harmless characters are offered, and none is ever evaluated.

_otpctl_offer()
{
	local word
	for word; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
	done
}

_otpctl_offer_users()
{
	local name
	while IFS= read -r name; do
		_otpctl_offer "$name"
	done < <("${COMP_WORDS[0]}" "${otpd[@]}" --timeout 1 --json users list 2>/dev/null |
		sed -n 's/.*"user":"\([A-Za-z0-9._@-]\{1,255\}\)".*/\1/p' | head -n 1000)
}

_otpctl_offer_accounts()
{
	local address
	while IFS= read -r address; do
		_otpctl_offer "$address"
	done < <("${COMP_WORDS[0]}" "${otpd[@]}" --timeout 1 --json accounts list \
		"${tenant[@]}" 2>/dev/null |
		sed -n 's/.*"address":"\([A-Za-z0-9._@+-]\{1,254\}\)".*/\1/p' | head -n 1000)
}

# The command so far, without options: sets command, otpd to the --socket and tenant to the
# --tenant given.
_otpctl_read_line()
{
	local i word
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--socket) otpd=(--socket "${COMP_WORDS[i + 1]}") i=$((i + 1)) ;;
		--tenant) tenant=(--tenant "${COMP_WORDS[i + 1]}") ;&
		--timeout | --name | --limit | --user | --wait | --mail-socket | --language | \
			--login | --for | --event | --service | --from | --since | --until | \
			--relay | --relay-user | --password-file | --address | --services | \
			--first-factor | --users | --trial | --trial-port | --config | --interval)
			i=$((i + 1)) ;;
		-*) ;;
		*) command+=("$word") ;;
		esac
	done
}

_otpctl_options()
{
	case "${command[*]:0:2}" in
	"users add"*) _otpctl_offer --name --language --verified --replace ;;
	"users list") _otpctl_offer --unverified --disabled --locked --undeliverable ;;
	"users language"*) _otpctl_offer --none ;;
	"users second"*) _otpctl_offer --verified --none ;;
	"users remove"*) _otpctl_offer --yes ;;
	"users import"*) _otpctl_offer --verified --dry-run --update --skip-bad ;;
	"accounts add"*) _otpctl_offer --login --tenant --language --verified ;;
	"accounts list") _otpctl_offer --tenant --unverified --disabled --locked ;;
	"accounts allow-reset"*) _otpctl_offer --tenant --for ;;
	"accounts remove"*) _otpctl_offer --tenant --yes ;;
	"accounts "*) _otpctl_offer --tenant ;;
	"tokens revoke-all") _otpctl_offer --tenant --yes ;;
	queue) _otpctl_offer --open --limit ;;
	audit) _otpctl_offer --user --event --service --from --since --until --limit --all \
		--csv ;;
	top) _otpctl_offer --interval --no-colour ;;
	config*) _otpctl_offer --mail --mail-socket ;;
	backup*) _otpctl_offer --replace ;;
	restore*) _otpctl_offer --yes --config ;;
	enrol*) _otpctl_offer --second ;;
	"mail stats" | metrics) _otpctl_offer --mail-socket ;;
	doctor) _otpctl_offer --user --mail-socket ;;
	setup)
		_otpctl_offer --relay --relay-user --password-file --from --user --address \
			--verified --services --first-factor --users --trial --trial-port --wait \
			--mail-socket --yes --dry-run --undo --force-no-way-back
		;;
	send-test*) _otpctl_offer --wait --language --tenant --mail-socket ;;
	esac
	_otpctl_offer --help --version --socket --json --timeout
}

_otpctl_words()
{
	local all=(users accounts tokens enrol self recovery-codes break-glass status queue audit
		metrics mail send-test doctor setup top config backup restore help)
	local users=(add list show verify language second recovery-codes disable unlock remove
		import)
	local accounts=(add list show verify disable unlock require-reset allow-reset logout
		remove)

	case "${command[*]:0:2}" in
	"") _otpctl_offer "${all[@]}" ;;
	help) _otpctl_offer "${all[@]}" ;;
	users | "help users") _otpctl_offer "${users[@]}" ;;
	accounts | "help accounts") _otpctl_offer "${accounts[@]}" ;;
	tokens | "help tokens") _otpctl_offer keys rotate revoke-all ;;
	mail | "help mail") _otpctl_offer stats ;;
	"users show" | "users verify" | "users recovery-codes" | break-glass | "users disable" | "users unlock" | "users remove")
		_otpctl_offer_users ;;
	"accounts add" | "accounts list") ;;
	"accounts "*) _otpctl_offer_accounts ;;
	"users language" | "users second")
		case ${#command[@]}${command[1]} in
		2*) _otpctl_offer_users ;;
		3language) _otpctl_offer "${languages[@]}" ;;
		esac ;;
	"users import" | backup | restore) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	esac
}

_otpctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=() otpd=() tenant=() languages=(en de fr es pt ja)
	local events=(account_created account_disabled account_removed account_unlocked account_verified
		address_begun address_changed address_verified break_glass_made break_glass_used
		burnt cancelled decoy disabled enrol_asked enrol_begun enrolled exempt expired
		issued locked mailless no_challenge not_enrolled password_begun password_granted
		password_locked password_set password_wrong recovery_allowed recovery_begun
		recovery_locked recovery_made recovery_used recovery_wrong refused_locked
		refused_state reg_begun reg_proven reg_taken remembered resent reset_allowed
		reset_begun reset_locked reset_required reset_unknown resumed second_begun
		second_changed second_enrolled session_ended session_opened session_reused
		sessions_ended test_queued throttled token_key_rotated undeliverable user_added
		user_changed user_disabled user_removed user_unlocked user_verified users_imported
		verified wrong)

	COMPREPLY=()
	_otpctl_read_line
	case $prev in
	--socket | --mail-socket | --password-file | --config)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	--language) _otpctl_offer "${languages[@]}" ;;
	--user) _otpctl_offer_users ;;
	--services) _otpctl_offer sshd sudo sshd,sudo ;;
	--first-factor) _otpctl_offer password key ;;
	--users) _otpctl_offer all configured group: ;;
	--trial) _otpctl_offer wait none ;;
	--relay) _otpctl_offer smtp:// smtps:// sendmail maildir: console configured ;;
	--since | --until) _otpctl_offer today yesterday 1h 24h 7d ;;
	--event) _otpctl_offer "${events[@]}" ;;
	--timeout | --name | --limit | --wait | --tenant | --login | --for | --service | \
		--relay-user | --from | --address | --trial-port) ;;
	*) if [[ $cur == -* ]]; then _otpctl_options; else _otpctl_words; fi ;;
	esac
}

complete -F _otpctl otpctl
