module ballotbox/tools/pause

go 1.26
