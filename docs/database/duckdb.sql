-- Exported text to Parquet with the types of the contract: DuckDB. docs/database.md says how it is run.
-- 导出的文本转为契约所要求类型的 Parquet：DuckDB。用法见 docs/database.zh-CN.md。
-- Nothing is rounded: an amount that is no whole number of fen ends it, and so does text that is no amount or time.
-- 不做任何四舍五入：金额不是整分、文本不是金额或时间，都会中止。
CREATE OR REPLACE MACRO words(value) AS nullif(CAST(value AS VARCHAR), '');
CREATE OR REPLACE MACRO exact(value) AS CAST(words(value) AS DECIMAL(38, 18));
CREATE OR REPLACE MACRO fen(value) AS
    CASE WHEN exact(value) IS NULL OR exact(value) = CAST(exact(value) AS DECIMAL(16, 2))
         THEN CAST(exact(value) AS DECIMAL(16, 2))
         ELSE error('an amount that is no whole number of fen: ' || CAST(value AS VARCHAR)) END;
CREATE OR REPLACE TEMP VIEW exported AS FROM read_csv('@EXPORT@', header = true, all_varchar = true);
COPY (
SELECT words(setl_id) AS setl_id,
       words(mdtrt_id) AS mdtrt_id,
       words(init_setl_id) AS init_setl_id,
       words(psn_no) AS psn_no,
       words(insuplc_admdvs) AS insuplc_admdvs,
       words(mdtrtarea_admvs) AS mdtrtarea_admvs,
       words(fixmedins_code) AS fixmedins_code,
       words(insutype) AS insutype,
       words(med_type) AS med_type,
       words(dise_codg) AS dise_codg,
       CAST(words(begndate) AS DATE) AS begndate,
       CAST(words(enddate) AS DATE) AS enddate,
       CAST(words(setl_time) AS TIMESTAMP) AS setl_time,
       words(refd_setl_flag) AS refd_setl_flag,
       words(fulamt_advpay_flag) AS fulamt_advpay_flag,
       fen(medfee_sumamt) AS medfee_sumamt,
       fen(hifp_pay) AS hifp_pay,
       fen(cvlserv_pay) AS cvlserv_pay,
       fen(hifes_pay) AS hifes_pay,
       fen(hifmi_pay) AS hifmi_pay,
       fen(hifob_pay) AS hifob_pay,
       fen(hifdm_pay) AS hifdm_pay,
       fen(maf_pay) AS maf_pay,
       fen(oth_pay) AS oth_pay,
       fen(fund_pay_sumamt) AS fund_pay_sumamt,
       fen(acct_pay) AS acct_pay,
       fen(psn_cash_pay) AS psn_cash_pay,
       fen(hosp_part_amt) AS hosp_part_amt,
       fen(acct_mulaid_pay) AS acct_mulaid_pay,
       fen(fulamt_ownpay_amt) AS fulamt_ownpay_amt,
       fen(overlmt_selfpay) AS overlmt_selfpay,
       fen(preselfpay_amt) AS preselfpay_amt,
       fen(inscp_scp_amt) AS inscp_scp_amt
FROM exported
ORDER BY setl_time, setl_id
) TO '@FILE@' (FORMAT parquet, COMPRESSION zstd);
