// Command muted says what Alertmanager makes of a maintenance window: it reads a configuration of Alertmanager, and from
// standard input one time (RFC 3339) a line; for each it prints the names of the time intervals that the time lies in.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/timeinterval"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: muted CONFIG <times")
	}
	loaded, err := config.LoadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	intervals := map[string][]timeinterval.TimeInterval{}
	names := []string{}
	for _, one := range loaded.TimeIntervals {
		intervals[one.Name] = one.TimeIntervals
		names = append(names, one.Name)
	}
	sort.Strings(names)
	intervener := timeinterval.NewIntervener(intervals)
	in, out := bufio.NewScanner(os.Stdin), bufio.NewWriter(os.Stdout)
	for in.Scan() {
		at, err := time.Parse(time.RFC3339, in.Text())
		if err != nil {
			log.Fatal(err)
		}
		within := []string{}
		for _, name := range names {
			muted, _, err := intervener.Mutes([]string{name}, at)
			if err != nil {
				log.Fatal(err)
			}
			if muted {
				within = append(within, name)
			}
		}
		fmt.Fprintln(out, strings.Join(within, " "))
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
