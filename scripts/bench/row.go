package main

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

// row is one submission as the peers write it; payload and trace have the
// sizes the hub's have for a disclosure request.
type row struct {
	ID        clock.ID  `json:"id"`
	Authority string    `json:"authority"`
	Reference string    `json:"reference"`
	CRN       string    `json:"crn"`
	Lane      int64     `json:"lane"`
	Lodged    time.Time `json:"lodged"`
	Hash      []byte    `json:"hash"`
	Payload   []byte    `json:"payload"`
}

var trace = make([]byte, 400)

func makeRow(i int) row {
	now := time.Now()
	payload := fmt.Appendf(make([]byte, 0, 160), "%0120d", i)
	hash := sha256.Sum256(payload)
	return row{
		ID: clock.NewID(now), Authority: "nt-cp", Reference: reference(i),
		CRN: fmt.Sprintf("2%08dA", i%50_000), Lane: int64(i/50_000) + 1, Lodged: now, Hash: hash[:], Payload: payload,
	}
}

const insertSubmission = `INSERT INTO submission VALUES ($1,$2,$3,2,$4,$5,'Casey Worker',$6,$7,$8,$9)`

func (r row) submission() []any {
	return []any{r.Authority, r.ID, r.Reference, r.CRN, r.Lane, r.Lodged, r.Lodged, r.Hash, r.Payload}
}

const insertDecision = `INSERT INTO decision VALUES ($1,1,'2026-07-01.1',$2,$3,'\x0102030405060708090a0b0c0d',3)`

func (r row) decision() []any { return []any{r.ID, r.Lodged, trace} }

const insertOutcome = `INSERT INTO outcome VALUES ($1,$2,$3,3,$4,$5,$6,$7)`

func (r row) outcome() []any {
	return []any{r.ID, r.Authority, r.Reference, r.CRN, r.Lodged, r.Lodged, r.Lodged}
}

// columns turns rows into arrays for unnest.
type columns struct {
	ids                       [][16]byte
	authority, reference, crn []string
	lane                      []int64
	lodged                    []time.Time
	hash, payload, traces     [][]byte
}

func columnsOf(rows []row) *columns {
	c := &columns{}
	for _, r := range rows {
		c.ids = append(c.ids, r.ID)
		c.authority = append(c.authority, r.Authority)
		c.reference = append(c.reference, r.Reference)
		c.crn = append(c.crn, r.CRN)
		c.lane = append(c.lane, r.Lane)
		c.lodged = append(c.lodged, r.Lodged)
		c.hash = append(c.hash, r.Hash)
		c.payload = append(c.payload, r.Payload)
		c.traces = append(c.traces, trace)
	}
	return c
}

const unnestSubmissions = `INSERT INTO submission
SELECT a, i, r, 2, c, l, 'Casey Worker', t, t, h, p
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::bytea[], $8::bytea[]) AS u(a,i,r,c,l,t,h,p)`

func (c *columns) submissions() []any {
	return []any{c.authority, c.ids, c.reference, c.crn, c.lane, c.lodged, c.hash, c.payload}
}

const unnestDecisions = `INSERT INTO decision
SELECT i, 1, '2026-07-01.1', t, f, '\x0102030405060708090a0b0c0d', 3 FROM unnest($1::uuid[], $2::timestamptz[], $3::bytea[]) AS u(i,t,f)`

func (c *columns) decisions() []any { return []any{c.ids, c.lodged, c.traces} }

const unnestOutcomes = `INSERT INTO outcome
SELECT i, a, r, 3, c, t, t, t FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS u(i,a,r,c,t)`

func (c *columns) outcomes() []any { return []any{c.ids, c.authority, c.reference, c.crn, c.lodged} }

// reference is the authority's reference of submission i.
func reference(i int) string { return fmt.Sprintf("bench-%08d", i) }
