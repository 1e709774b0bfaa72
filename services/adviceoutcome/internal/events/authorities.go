package events

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

// Authorities keeps what the registry announces of authorities.
func (h *Handlers) Authorities(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
	var authorities []report.Authority
	for _, e := range events {
		event := e.Value.(*eventv1.Event)
		if changed := event.GetAuthorityChanged(); changed != nil {
			a, err := h.authorityOf(event, changed)
			if err != nil {
				return inbox.Effects{}, err
			}
			authorities = append(authorities, a)
		}
	}
	return inbox.Effects{}, h.Store.SaveAuthorities(ctx, tx, authorities)
}

func (h *Handlers) authorityOf(event *eventv1.Event, changed *eventv1.AuthorityChanged) (report.Authority, error) {
	a := report.Authority{
		ID: changed.GetAuthorityId(), Jurisdiction: term.Jurisdiction(changed.GetJurisdiction()),
		Enabled: changed.GetEnabled(), Version: changed.GetRecordVersion(),
	}
	from, err := optionalDate(changed.GetReportsFrom())
	if err != nil || a.ID == "" || a.Jurisdiction.String() == "" {
		return a, fault.New(fault.Invalid, "EVENT_INVALID", "authority %.40q cannot be kept: id, jurisdiction or first report day is not right", a.ID).Wrap(err)
	}
	if from == nil {
		// Reports begin with the authority when the registry does not say.
		first := calendar.FromTime(event.GetOccurredAt().AsTime(), h.Zone)
		from = &first
	}
	a.ReportsFrom = *from
	return a, nil
}
